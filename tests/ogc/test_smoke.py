import json
def test_all(client, draft, orphans):
    for p in ["/ogc","/ogc/","/ogc/conformance","/ogc/api","/ogc/collections","/ogc/collections/territories","/ogc/collections/territories/queryables","/ogc/collections/territories/items","/ogc/collections/communities/items?limit=2&crs=http://www.opengis.net/def/crs/EPSG/0/4490","/ogc/collections/orphans/items","/ogc/collections/branches/items?f=html",f"/ogc/collections/territory-plan-{draft}/items?crs=http://www.opengis.net/def/crs/EPSG/0/4549&limit=1",f"/ogc/collections/territory-plan-{draft}-defects/items",f"/ogc/collections/territory-plan-{draft}/items/T-E1","/ogc/nix","/ogc/collections/territories/items?x=1"]:
        a = client.get(p)
        print(p, a.status_code, a.headers.get("content-type"), a.headers.get("content-crs"), a.headers.get("etag"), a.text[:700])
    assert 0
