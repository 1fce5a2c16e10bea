"""`python3 urllib_client.py HOST LANE`: urllib, then http.client with two requests on one connection; prints the names."""
import http.client
import json
import sys
import urllib.request

host, lane = sys.argv[1], sys.argv[2]
tag = {"baggage": f"lane={lane}"} if lane else {}
names = []
with urllib.request.urlopen(urllib.request.Request(f"http://{host}/", headers=tag), timeout=10) as answer:
    names.append(json.load(answer)["name"])
connection = http.client.HTTPConnection(host, timeout=10)
for headers in (tag, {}):
    connection.request("POST", "/", body=b"x" * 1000, headers=headers)
    names.append(json.load(connection.getresponse())["name"])
print(" ".join(names))
