"""What files hold: pictures, arrays and tables, from any container; nothing in them is trusted."""
