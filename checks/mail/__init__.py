"""The shared mail domain, one module per record. It belongs to the operator: every card shows it, and only the
operator's points depend on it. Records beyond MX are technical recommendations: no text makes them a duty of point g.

`web_host` looks at each agency's own host by the same records.
"""
