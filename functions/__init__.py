"""The functions of the app. Each only parses its trigger, calls the app, logs and answers."""
