"""Makes a hyperstack of 5 times, 4 planes and 3 channels with tifffile, or tells as one JSON object what tifffile reads in a TIFF.

usage: hyperstack.py make IN.tif
       hyperstack.py read OUT.tif [VALUES]

`read` writes the voxels to VALUES as little-endian bytes in the order t, c, z, y, x.
"""

import json
import sys
from xml.etree import ElementTree

import numpy
import tifffile

SHAPE = (5, 4, 3, 20, 24)


def make(path):
    values = numpy.random.default_rng(1).poisson(100, SHAPE).astype("uint16")
    names = ["DAPI", "GFP \u00b5", "far red"]
    ramp = numpy.arange(256, dtype="uint8")
    dark = numpy.zeros(256, dtype="uint8")
    tables = [numpy.array(table) for table in ([dark, dark, ramp], [dark, ramp, dark], [ramp, dark, ramp])]
    metadata = {
        "axes": "TZCYX", "spacing": 0.3, "unit": "micron", "finterval": 2.5, "mode": "composite", "LUTs": tables,
        "Labels": names * (SHAPE[0] * SHAPE[1]),
    }
    tifffile.imwrite(path, values, imagej=True, resolution=(1 / 0.104, 1 / 0.104), metadata=metadata)


def read(path, values=None):
    with tifffile.TiffFile(path) as tiff:
        series = tiff.series[0]
        axes = series.axes
        data = series.asarray()
        order = [axes.index(name) for name in "TCZYX" if name in axes]
        if values is not None:
            data.transpose(order).astype(data.dtype.newbyteorder("<")).tofile(values)
        found = {
            "axes": axes, "shape": list(data.shape), "dtype": str(data.dtype), "big": tiff.is_bigtiff,
            "imagej": tiff.is_imagej, "ome": tiff.is_ome,
        }
        if tiff.is_imagej:
            found.update(by_imagej(tiff))
        if tiff.is_ome:
            found.update(by_ome(tiff))
        print(json.dumps(found))


def by_imagej(tiff):
    metadata = tiff.imagej_metadata
    tables = metadata.get("LUTs", [])
    return {
        "resolution": [value[0] / value[1] for value in (tiff.pages[0].tags[tag].value for tag in (283, 282))],
        "metadata": {name: metadata.get(name) for name in ("spacing", "unit", "finterval", "mode")},
        "values": {name: metadata[name] for name in ("cf", "c0", "c1", "vunit") if name in metadata},
        "labels": metadata.get("Labels"),
        "info": metadata.get("Info"),
        "colors": [[int(part[-1]) for part in table] for table in tables],
        "ranges": len(metadata.get("Ranges", [])),
    }


def by_ome(tiff):
    space = {"ome": "http://www.openmicroscopy.org/Schemas/OME/2016-06"}
    root = ElementTree.fromstring(tiff.ome_metadata)
    pixels = root.find("ome:Image/ome:Pixels", space)
    attributes = {name: value for path in ("Instrument/ome:Objective", "Image/ome:ObjectiveSettings")
                  for element in root.findall(f"ome:{path}", space) for name, value in element.attrib.items()}
    annotations = "ome:StructuredAnnotations/ome:MapAnnotation/ome:Value/ome:M"
    names = [f"PhysicalSize{axis}{unit}" for axis in "ZYX" for unit in ("", "Unit")]
    return {
        "pixels": {name: pixels.get(name) for name in [*names, "TimeIncrement", "TimeIncrementUnit", "Type"]},
        "channels": [[channel.get("Name"), channel.get("Color")] for channel in pixels.findall("ome:Channel", space)],
        "emissions": [[channel.get("EmissionWavelength"), channel.get("EmissionWavelengthUnit")]
                      for channel in pixels.findall("ome:Channel", space)],
        "lens": attributes,
        "values": {entry.get("K"): entry.text for entry in root.findall(annotations, space)},
    }


if __name__ == "__main__":
    {"make": make, "read": read}[sys.argv[1]](*sys.argv[2:])
