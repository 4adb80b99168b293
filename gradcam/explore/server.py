class Server: pass
