"""Files of arrays and tables, in the layouts that data sets are published in."""
