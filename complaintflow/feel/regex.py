import re
from functools import lru_cache
from complaintflow.feel.values import Failure
class P:
    def __init__(self,r): self.r=r; self.groups=r.groups
    def search(self,t,p,l): return self.r.search(t)
    def find_all(self,t,l): 
        for m in self.r.finditer(t): yield F(m)
class F:
    def __init__(self,m): self.m=m; self.start,self.end=m.span()
    def group(self,t,i): return self.m.group(i) or ''
def compiled(p,f):
    try: return P(re.compile(p))
    except re.error as e: raise Failure(str(e))
def replacement_pieces(r,g,literal): return [r]
