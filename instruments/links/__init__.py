"""Links to devices: serial ports, VISA, TCP, vendors' libraries; pump, tap and replay."""
