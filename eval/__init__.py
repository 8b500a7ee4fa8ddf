"""How good Pincite is: cases, public data sets and metrics, measured through the public API."""
