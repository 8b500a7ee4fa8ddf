"""What is fitted: weights and confidence."""
