"""What is seen of a page: printed letters and rules, what was filled into forms, and letters recognized in pictures."""
