"""Features of images, in which distances between sets of them are taken."""
