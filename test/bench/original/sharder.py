"""
A model of the original Vase's sharder (2022), from its description alone; no code of it is used. For each request it lists
the services of all namespaces, builds a ketama ring of 160 points a server, and makes one call to etcd, each over a
connection of its own, in the threads of Flask's development server.

STACK stdlib: with the classes that Flask's server is built on, and with http.client; cheaper than the original was. STACK
flask: with Flask and `requests`, as the original had them; its server closes each connection after one answer, and breaks
down under 500 users.

What flatters the original in both: no Kubernetes client with its models, no TLS to the API server, no line of log for each
request, no load balancer on the way, the leader asked at once; with stdlib, users' connections that are kept alive. What penalises it:
etcd has no v2 API any more; the v3 JSON gateway takes base64 and asks the member over gRPC.

Usage: sharder.py PORT API_URL STACK
"""

import base64
import bisect
import hashlib
import http.client
import json
import logging
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

POINTS_PER_SERVER = 160
POINTS_PER_DIGEST = 4

port, api_url, stack = int(sys.argv[1]), urlsplit(sys.argv[2]), sys.argv[3]
if stack == "flask":
    import flask
    import requests


def call_with_requests(host, method, path, body=None):
    """Without a session: one connection, and no timeout."""
    response = requests.request(method, f"http://{host}{path}", json=body)
    response.raise_for_status()
    return response.json()


def call_with_http_client(host, method, path, body=None):
    """The same, by hand."""
    connection = http.client.HTTPConnection(host)
    try:
        headers = {"Accept": "application/json", "Connection": "close"}
        connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
        if response.status != 200:
            raise OSError(f"{host} answers {response.status}")
        return answer
    finally:
        connection.close()


call = call_with_requests if stack == "flask" else call_with_http_client


def list_servers():
    """The load balancers of the shards, as ip:port, out of all services of all namespaces."""
    servers = []
    for service in call(api_url.netloc, "GET", "/api/v1/services")["items"]:
        if not service["metadata"]["name"].startswith("etcd-client-"):
            continue
        for ingress in service["status"]["loadBalancer"].get("ingress", []):
            servers.append(f"{ingress['ip']}:{service['spec']['ports'][0]['port']}")
    return servers


def ketama(text):
    digest = hashlib.md5(text.encode()).digest()
    return [int.from_bytes(digest[at : at + 4], "little") for at in (0, 4, 8, 12)]


class Ring:
    def __init__(self, servers):
        points = {}
        for server in servers:
            for number in range(POINTS_PER_SERVER // POINTS_PER_DIGEST):
                for point in ketama(f"{server}-{number}"):
                    points[point] = server
        self.points = sorted(points)
        self.servers = points

    def server_of(self, key):
        at = bisect.bisect_left(self.points, ketama(key)[0]) % len(self.points)
        return self.servers[self.points[at]]


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def set_value(server, key, value):
    answer = call(server, "POST", "/v3/kv/put", {"key": encoded(key), "value": encoded(value), "prev_kv": True})
    revision = int(answer["header"]["revision"])
    node = {"key": f"/{key}", "value": value, "modifiedIndex": revision, "createdIndex": revision}
    return {"action": "set", "node": node}


def get_value(server, key):
    """From the member that was reached, without asking the others, as the original read."""
    answer = call(server, "POST", "/v3/kv/range", {"key": encoded(key), "serializable": True})
    if not answer.get("kvs"):
        index = int(answer["header"]["revision"])
        return {"errorCode": 100, "message": "Key not found", "cause": f"/{key}", "index": index}
    found = answer["kvs"][0]
    value = base64.b64decode(found["value"]).decode()
    created, modified = int(found["create_revision"]), int(found["mod_revision"])
    node = {"key": f"/{key}", "value": value, "modifiedIndex": modified, "createdIndex": created}
    return {"action": "get", "node": node}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        if self.path == "/":
            self.attempt(lambda: {"servers": list_servers()})
        elif self.path.startswith("/get/"):
            key = unquote(self.path[len("/get/") :])
            self.forward(key, lambda server: get_value(server, key))
        else:
            self.answer(404, {"error": "no such route"})

    def do_PUT(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/set":
            self.answer(404, {"error": "no such route"})
            return
        self.forward(body["path"], lambda server: set_value(server, body["path"], body["value"]))

    def forward(self, key, action):
        def route():
            server = Ring(list_servers()).server_of(key)
            return {"data": action(server), "server": server}

        self.attempt(route)

    def attempt(self, action):
        try:
            self.answer(200, action())
        except (OSError, http.client.HTTPException) as error:
            self.answer(500, {"error": str(error)})

    def answer(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        """Nothing: Flask writes a line for each request to the terminal, which would cost it more."""


class Server(ThreadingHTTPServer):
    # All users connect at once.
    request_queue_size = 1024
    daemon_threads = True


def serve_with_flask():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = flask.Flask(__name__)

    def routed(key, action):
        server = Ring(list_servers()).server_of(key)
        return flask.jsonify({"data": action(server), "server": server})

    @app.get("/")
    def servers():
        return flask.jsonify({"servers": list_servers()})

    @app.get("/get/<path:key>")
    def get(key):
        return routed(key, lambda server: get_value(server, key))

    @app.put("/set")
    def put():
        body = flask.request.get_json()
        return routed(body["path"], lambda server: set_value(server, body["path"], body["value"]))

    app.run("127.0.0.1", port, threaded=True)


if stack == "flask":
    serve_with_flask()
else:
    Server(("127.0.0.1", port), Handler).serve_forever()
