"""Links to instruments: serial ports, VISA, TCP, and taps on them."""
