"""What a process is made of: files in layers become one immutable bundle.

layers      variants: a file is looked up in your folders first
addresses   which process is in which diagram
policies    a bundle's policies; reach says which file runs under which
fitting     whether the parts fit each other, with answering and marks
forms       a bundle's forms, each read when it is asked for
definition  the bundle: compiled, known by its digest
library     from layers to bundles
"""
