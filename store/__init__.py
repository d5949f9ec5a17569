"""The tables, the migrations, and the only code that writes them."""
