"""The Arduino-type IO manager: relays the DUT's UART and times its edges."""
