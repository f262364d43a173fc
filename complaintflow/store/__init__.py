"""What a store keeps and promises: the port that adapters serve.

rows        one record per table, and the change that one command makes
port        the protocols ``Store`` and ``Transaction``
hands       the port of a queue, and what a worker can do for it
ticks       moments as whole numbers
codec       case data as JSON bytes
counting    figures and groups for stores without a language of their own
parking     where the rows of a suspended case are
"""
