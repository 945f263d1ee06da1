"""Prints the layers that docs/examples/open_in_napari.py would add, as a JSON array for each image; see unpack_suite.sh for an interpreter (forky).

usage: napari_layers.py IMAGE...
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/examples"))
from open_in_napari import layers


def told(data, arguments):
    levels = data if arguments["multiscale"] else [data]
    return {"shapes": [level.shape for level in levels], **arguments}


print(json.dumps([[told(*layer) for layer in layers(url)] for url in sys.argv[1:]]))
