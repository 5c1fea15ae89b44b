"""Links to instruments: serial ports, VISA, TCP, vendor libraries; pump, tap and replay."""
