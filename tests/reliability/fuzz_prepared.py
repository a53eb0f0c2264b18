"""Prepared data sets whose description or records lie."""

import functools
import json
import sys

import numpy as np
import tensorflow as tf
from hypothesis import strategies as st

from memgan_tf.data import prepared
from tests.malformed_files import encoded
from tests.reliability import fuzz_inputs as inputs
from tests.reliability import fuzz_runs, tensorflow_files

FEATURE = "tensorflow_datasets.core.features."


CLASSES = (
    "antigravity.Label",
    "this.Label",
    "os.Label",
    "Label",
    "",
    f"{FEATURE}video_feature.Video",
)


def _record(index):
    def value(kind, content):
        return tf.train.Feature(**{kind: {"value": [content]}})

    image = encoded("PNG", mode="L")
    features = {"image": value("bytes_list", image), "label": value("int64_list", index % 10)}
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def _split(name):
    template = "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}"
    return {"name": name, "shardLengths": ["3"], "numBytes": "1", "filepathTemplate": template}


@functools.cache
def prepared_files():
    """The files of a small prepared set."""
    image = {"shape": {"dimensions": ["20", "24", "1"]}, "dtype": "uint8", "encodingFormat": "png"}
    label = {"pythonClassName": f"{FEATURE}class_label_feature.ClassLabel"}
    label["classLabel"] = {"numClasses": "10"}
    fields = {"image": {"pythonClassName": f"{FEATURE}image_feature.Image", "image": image}}
    fields["label"] = label
    features = {"pythonClassName": f"{FEATURE}features_dict.FeaturesDict"}
    features["featuresDict"] = {"features": fields}
    info = {"name": "odd", "version": "1.0.0", "fileFormat": "tfrecord"}
    info["splits"] = [_split("train"), _split("test")]
    content = b"".join(tensorflow_files.record(_record(index)) for index in range(3))
    return {
        "features.json": json.dumps(features).encode(),
        "dataset_info.json": json.dumps(info).encode(),
        "label.labels.txt": "".join(f"${n}$\x1b\n" for n in range(10)).encode(),
        **{f"odd-{name}.tfrecord-00000-of-00001": content for name in ("train", "test")},
    }


def prepared_inputs():
    whole = prepared_files()
    features, info = (json.loads(whole[n]) for n in ("features.json", "dataset_info.json"))

    def renamed(name, place):
        changed = json.loads(json.dumps(features))
        holder = changed["featuresDict"]["features"]
        holder = {"top": changed, "image": holder["image"], "label": holder["label"]}[place]
        holder["pythonClassName"] = name
        return json.dumps(changed).encode()

    def templated(template):
        changed = json.loads(json.dumps(info))
        changed["splits"][0]["filepathTemplate"] = template
        return json.dumps(changed).encode()

    templates = ("../{SPLIT}", "/etc/passwd", "{DATASET:>9999999}", "{DATASET.__class__}", "")
    shards = st.tuples(
        st.integers(0, 3), st.sampled_from((*inputs.HUGE, 2**64 - 5, 2**64 - 1, 2**28))
    )
    record = tensorflow_files.record
    whole_records = [record(_record(index)) for index in range(3)]
    place = st.sampled_from(("top", "image", "label"))
    return st.one_of(
        st.tuples(st.just("features.json"), st.builds(renamed, st.sampled_from(CLASSES), place)),
        st.tuples(st.just("features.json"), inputs.json_files(features)),
        st.tuples(st.just("dataset_info.json"), inputs.json_files(info)),
        st.tuples(st.just("dataset_info.json"), st.sampled_from(templates).map(templated)),
        st.tuples(
            st.just("odd-train.tfrecord-00000-of-00001"),
            shards.map(lambda s: b"".join(whole_records[: s[0]]) + record(b"x" * 104, s[1]))
            | inputs.damaged(b"".join(whole_records)),
        ),
        st.tuples(st.just("label.labels.txt"), st.binary(max_size=40)),
    )


def read_prepared(given, folder):
    name, content = given
    place = folder / "odd" / "1.0.0"
    fuzz_runs.write_all(place, {**prepared_files(), name: content})
    found = prepared.load("odd", prepared.find_directory("odd", str(folder)), "train")
    shape = prepared.image_shape("odd", place)
    assert found.images[np.arange(len(found))].shape == (len(found), *shape)
    assert not {"antigravity", "this"} & {*sys.modules}
