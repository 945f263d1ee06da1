"""Reads an OME-Zarr over HTTP as zarr-python does, version 2 or 3, and prints what it found as one JSON object.

usage: read_served.py URL OUT.raw

URL is the root of an OME-Zarr 0.4 for version 2 and 0.5 for version 3. OUT.raw receives the full resolution as little-endian values, in
C order. Any status but 200 and 404 is an error.
"""

import json
import sys
import urllib.error
import urllib.request

import zarr


def get(url, headers={}):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def version_2(url):
    class Served(dict):
        def __getitem__(self, key):
            found = get(f"{url}/{key}")
            if found is None:
                raise KeyError(key)
            return found

        def __contains__(self, key):
            return get(f"{url}/{key}") is not None

    store = Served()
    group = zarr.open_group(store, mode="r")
    consolidated = zarr.open_consolidated(store, mode="r")
    return group, sorted(consolidated.array_keys()), group.attrs["multiscales"][0]


def version_3(url):
    from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest

    class Served(Store):
        supports_writes = supports_deletes = supports_partial_writes = supports_listing = False

        def __init__(self):
            super().__init__(read_only=True)

        def __eq__(self, other):
            return other is self

        async def get(self, key, prototype, byte_range=None):
            asked = {}
            if isinstance(byte_range, RangeByteRequest):
                asked = {"range": f"bytes={byte_range.start}-{byte_range.end - 1}"}
            elif isinstance(byte_range, OffsetByteRequest):
                asked = {"range": f"bytes={byte_range.offset}-"}
            elif isinstance(byte_range, SuffixByteRequest):
                asked = {"range": f"bytes=-{byte_range.suffix}"}
            found = get(f"{url}/{key}", asked)
            return None if found is None else prototype.buffer.from_bytes(found)

        async def get_partial_values(self, prototype, key_ranges):
            return [await self.get(key, prototype, byte_range) for key, byte_range in key_ranges]

        async def exists(self, key):
            return get(f"{url}/{key}") is not None

        async def set(self, key, value):
            raise NotImplementedError

        async def delete(self, key):
            raise NotImplementedError

        async def set_partial_values(self, key_start_values):
            raise NotImplementedError

        def list(self):
            raise NotImplementedError

        def list_prefix(self, prefix):
            raise NotImplementedError

        def list_dir(self, prefix):
            raise NotImplementedError

    group = zarr.open_group(Served(), mode="r")
    # Without consolidated metadata it would have to list the store.
    return group, sorted(group.array_keys()), group.attrs["ome"]["multiscales"][0]


def main():
    url, output = sys.argv[1:]
    group, arrays, multiscale = (version_2 if zarr.__version__.startswith("2.") else version_3)(url)
    array = group[multiscale["datasets"][0]["path"]]
    values = array[...]
    values.astype(values.dtype.newbyteorder("<")).tofile(output)
    found = {"arrays": arrays, "shape": array.shape, "dtype": str(array.dtype), "chunks": array.chunks}
    found["levels"] = [[float(group[each["path"]][...].mean()), group[each["path"]].shape] for each in multiscale["datasets"]]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
