"""What a program calls. ``engine`` puts the parts together, ``runner`` is ``run_process``.

views       what a caller holds
reading     cases, tasks and history as they are now; portrait, the diagram of a case
desk        one person's side, with looking and sight; reporter that of somebody without a name, with progress
tasking     what is done with tasks
operating   the operator's side; keeping, the archivist's, with archive, evidence, retention and verification
figuring    figures and reports; surging, what the windows have; filing, the files
"""
