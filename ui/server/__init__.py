"""Who may ask, how a running page is watched."""
