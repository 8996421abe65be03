//! What stands around the centre, scripted: ESMEs, SIP user agents, applications and their load.
