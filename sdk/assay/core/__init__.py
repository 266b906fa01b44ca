"""The pure core: select, assign, check and render a prompt out of a bundle, the same in server and caller."""
