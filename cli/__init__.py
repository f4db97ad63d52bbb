"""`joinlink`, the admin's command: one module per command, registered in `app`. Not deployed."""
