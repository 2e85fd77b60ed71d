"""Search by choosing: galleries that narrow to the picture that somebody has in mind."""
