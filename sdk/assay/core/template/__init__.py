"""How a template is parsed, checked and made into plain functions. Its public face is `assay.core.render`."""
