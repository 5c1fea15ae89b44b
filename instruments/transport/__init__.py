"""Ways to a box: serial ports, VISA sessions, TCP; each call with a deadline."""
