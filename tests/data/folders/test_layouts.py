"""Published layouts, by made-up trees: which images train, which test, which mask is whose."""

import numpy as np
import pytest
from PIL import Image

from memgan_tf.data.folders import index as folder_index
from tests.data.folder_files import index, load, put

MVTEC = ("train/good/{0..5}.png", "test/good/0.png", "test/scratch/0.png")
AD_2 = (
    *("train/good/{0..4}_regular.png", "validation/good/0_regular.png"),
    *("test_public/good/0_regular.png", "test_public/bad/1_regular.png"),
    *("test_public/ground_truth/bad/1_regular_mask.png", "test_private/0_regular.png"),
)
LOCO = (
    *("train/good/{0..4}.png", "validation/good/0.png", "test/good/0.png"),
    *("test/logical_anomalies/0.png", "test/structural_anomalies/0.png"),
    *("ground_truth/logical_anomalies/0/{0..1}.png", "ground_truth/structural_anomalies/0/0.png"),
)
BTAD = ("train/ok/{0..4}.bmp", "test/ok/0.bmp", "test/ko/1.bmp", "ground_truth/ko/1.png")
VISA = (
    *("Data/Images/Normal/{0..7}.JPG", "Data/Images/Anomaly/{0..1}.JPG"),
    "Data/Masks/Anomaly/{0..1}.png",
)
KOLEKTOR = ("kos{0..7}/Part0.jpg", "kos{0..7}/Part0_label.bmp")
KOLEKTOR_2 = (
    *("train/{0..5}.png", "train/{0..5}_GT.png"),
    *("test/{6..9}.png", "test/{6..9}_GT.png"),
)
PAIR = ("normal/{0..7}.png", "abnormal/{0..1}.png", "mask/{0..1}.png")
FOLDER_OF_MASKS = ("images/{0..7}.png", "masks/{0..7}.png")
# Masks of these names are not black.
MARKED = ("kos7", "kos6", "5_GT", "6_GT", "7_GT", "masks/6", "masks/7")


def make(root, names):
    """Files of a tree; `{0..3}` stands for four of them. Masks are black but for defects."""
    values = iter(range(0, 250, 5))
    for name in names:
        before, _, rest = name.partition("{")
        numbers, _, after = rest.partition("}")
        first, last = numbers.split("..") if rest else (0, 0)
        for number in range(int(first), int(last) + 1):
            path = before + (str(number) if rest else "") + after
            says_mask = any(word in path.lower() for word in ("mask", "truth", "_gt", "_label"))
            by_mask = any(word in path for word in ("_GT", "_label", "masks/"))
            marked = not by_mask or any(word.lower() in path.lower() for word in MARKED)
            put(root / path, 255 * marked if says_mask else next(values))
    return root


def splits(root, **options):
    """Names of the training images, of normal and of anomalous test images."""
    train, test = load(root, **options), load(root, "test", **options)
    labelled = list(zip(test.names, test.labels, strict=True))
    return (
        train.names,
        [name for name, label in labelled if not label],
        [name for name, label in labelled if label],
    )


@pytest.mark.parametrize(
    ("tree", "layout", "num_train", "normal", "anomalous", "num_masks"),
    [
        (MVTEC, "mvtec", 6, ["test/good/0.png"], ["test/scratch/0.png"], 0),
        (
            *(AD_2, "mvtec_ad_2", 6, ["test_public/good/0_regular.png"]),
            *(["test_public/bad/1_regular.png"], 1),
        ),
        (
            *(LOCO, "mvtec_loco", 6, ["test/good/0.png"]),
            *(["test/logical_anomalies/0.png", "test/structural_anomalies/0.png"], 2),
        ),
        (BTAD, "btad", 5, ["test/ok/0.bmp"], ["test/ko/1.bmp"], 1),
        (
            *(KOLEKTOR_2, "kolektor_2", 5, ["test/8.png", "test/9.png"]),
            *(["test/6.png", "test/7.png"], 10),
        ),
    ],
)
def test_layouts_with_a_split(tree, layout, num_train, normal, anomalous, num_masks, tmp_path):
    root = make(tmp_path / "set", tree)
    train, normal_found, anomalous_found = splits(root)
    assert index(root)["layout"] == layout
    assert folder_index.summarize(index(root))[0].endswith(f"layout {layout}")
    assert (len(train), normal_found, anomalous_found) == (num_train, normal, anomalous)
    assert (index(root)["num_masks"], index(root)["unusable_masks"]) == (num_masks, [])
    masks = load(root, "test").masks
    if num_masks:
        marked = masks.any(axis=(1, 2))
        assert marked.tolist() == load(root, "test").labels.astype(bool).tolist()


def test_normal_images_may_lie_in_train_itself(tmp_path):
    tree = ["train/{0..5}.png", "test/good/0.png", "test/scratch/0.png"]
    train, normal, anomalous = splits(make(tmp_path / "set", tree))
    assert train == [f"train/{i}.png" for i in range(6)]
    assert (normal, anomalous) == (["test/good/0.png"], ["test/scratch/0.png"])


def test_the_normal_folder_may_be_there_in_two_spellings(tmp_path):
    tree = ["train/good/{0..2}.png", "train/Good/{0..2}.png", "test/GOOD/0.png", "test/bad/0.png"]
    root = make(tmp_path / "set", [*tree, "ground_truth/bad/0_mask.png"])
    train, normal, anomalous = splits(root)
    assert (len(train), normal, anomalous) == (6, ["test/GOOD/0.png"], ["test/bad/0.png"])


@pytest.mark.parametrize(
    ("tree", "layout", "anomalous", "num_masks"),
    [
        (VISA, "visa", [f"Data/Images/Anomaly/{i}.JPG" for i in (0, 1)], 2),
        (KOLEKTOR, "kolektor", ["kos6/Part0.jpg", "kos7/Part0.jpg"], 8),
        (PAIR, "normal_abnormal", ["abnormal/0.png", "abnormal/1.png"], 2),
        (FOLDER_OF_MASKS, "masked", ["images/6.png", "images/7.png"], 8),
    ],
)
def test_layouts_without_a_split_draw_one(tree, layout, anomalous, num_masks, tmp_path):
    root = make(tmp_path / "set", tree)
    train, normal, anomalous_found = splits(root)
    num_normal = 8 if num_masks == 2 else 6
    assert index(root)["layout"] == layout
    # A quarter of the normal images, rounded, tests.
    assert (len(train), len(normal)) == (num_normal - 2, 2)
    assert (anomalous_found, index(root)["num_masks"]) == (anomalous, num_masks)
    assert index(root)["unusable_masks"] == []
    assert not set(train) & {*normal, *anomalous}
    masks = load(root, "test").masks.any(axis=(1, 2))
    assert masks.tolist() == load(root, "test").labels.astype(bool).tolist()


@pytest.mark.parametrize("prefix", ["", "set/", "a/b/"])
@pytest.mark.parametrize("tree", [MVTEC, AD_2, LOCO, BTAD, VISA, KOLEKTOR, KOLEKTOR_2, PAIR])
def test_a_set_may_lie_deeper_and_in_capitals(tree, prefix, tmp_path):
    plain, other = make(tmp_path / "plain", tree), tmp_path / "other"
    make(other, [prefix + (_capitals(name) if prefix == "a/b/" else name) for name in tree])
    before, after = index(plain), index(other)
    assert after["layout"] == before["layout"]
    assert [count["images"] for count in after["counts"]] == [
        count["images"] for count in before["counts"]
    ]


def _capitals(name):
    folders, _, file = name.rpartition("/")
    return f"{folders.title()}/{file}"


def test_visa_takes_the_split_of_its_table(tmp_path):
    root = make(tmp_path / "VisA" / "candle", VISA)
    table = tmp_path / "VisA" / "split_csv" / "1cls.csv"
    table.parent.mkdir()
    rows = [f"candle,train,normal,candle/Data/Images/Normal/{i}.JPG," for i in range(5)]
    rows += [f"candle,test,normal,candle/Data/Images/Normal/{i}.JPG," for i in (5, 6)]
    rows += ["candle,test,anomaly,candle/Data/Images/Anomaly/1.JPG,candle/Data/Masks/Anomaly/1.png"]
    table.write_text("\n".join(["object,split,label,image,mask", *rows]))
    train, normal, anomalous = splits(root)
    assert train == [f"Data/Images/Normal/{i}.JPG" for i in range(5)]
    assert normal == [f"Data/Images/Normal/{i}.JPG" for i in (5, 6)]
    assert anomalous == ["Data/Images/Anomaly/1.JPG"]
    left_out = {f["path"] for f in index(root)["left_out"]}
    assert {"Data/Images/Normal/7.JPG", "Data/Images/Anomaly/0.JPG"} <= left_out


@pytest.mark.parametrize("tree", [MVTEC, BTAD, VISA, PAIR])
def test_a_folder_of_several_sets_names_them(tree, tmp_path):
    for name in ("bottle", "cable"):
        make(tmp_path / "sets" / name, tree)
    place = f"folder:{tmp_path / 'sets' / 'bottle'}"
    for options in ({}, {"normal_class": "bottle"}):
        with pytest.raises(ValueError, match=f"holds 2: bottle, cable. Name one.*{place}"):
            index(tmp_path / "sets", **options)


@pytest.mark.parametrize("inside", ["", "train/"])
def test_boxes_are_refused(inside, tmp_path):
    root = make(tmp_path / "set", [f"images/{inside}{{0..3}}.png"])
    label = root / "labels" / inside / "2.txt"
    label.parent.mkdir(parents=True)
    label.write_text("0 0.5 0.5 0.1 0.1\n")
    with pytest.raises(ValueError, match="layout of YOLO"):
        index(root)
    assert index(root, folder_layout="flat")["num_images"] == 4


@pytest.mark.parametrize(
    "name", ["ground_truth", "Masks", "label", "labels", "gt", "bad_mask", "GroundTruth"]
)
def test_a_folder_of_masks_is_no_class(name, tmp_path):
    root = make(tmp_path / "set", ["apple/{0..7}.png", "pear/{0..1}.png"])
    put(root / name / "0.png", 255)
    found = index(root, normal_class="apple")
    assert {count["class"] for count in found["counts"]} == {"apple", "pear"}
    (left_out,) = found["left_out"]
    assert left_out["path"] == f"{name}/0.png"


def test_classes_that_all_speak_of_masks_are_classes(tmp_path):
    root = make(tmp_path / "set", ["with_mask/{0..7}.png", "without_mask/{0..1}.png"])
    counts = index(root, normal_class="with_mask")["counts"]
    assert {count["class"] for count in counts} == {"with_mask", "without_mask"}


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a/b/{0..3}.png", "a/c/{0..3}.png"), "b, c may be classes or merely places"),
        (("a/{0..3}.png", "a/c/{0..3}.png"), "., c may be classes or merely places"),
        (("train/{0..3}.png", "test/{0..3}.png"), "put the normal ones into train/good"),
        (("x/bad/{0..3}.png",), "all lie in bad"),
        (("Anomaly/{0..3}.png",), "all lie in Anomaly"),
    ],
)
def test_places_are_counted_at_any_depth(names, message, tmp_path):
    root = make(tmp_path / "set", names)
    with pytest.raises(ValueError, match=message):
        index(root)
    assert len(load(root, folder_layout="flat")) == 4 * len(names)


@pytest.mark.parametrize(
    "hidden", [".ipynb_checkpoints", ".cache", "@eaDir", "__MACOSX", "test/.hidden"]
)
def test_hidden_folders_are_left_out_and_listed(hidden, tmp_path):
    root = make(tmp_path / "set", MVTEC)
    before = index(root)
    put(root / hidden / "0.png", 1)
    put(root / "train" / "good" / "._0.png", 1)
    after = index(root)
    assert after["counts"] == before["counts"]
    assert [f["path"] for f in after["left_out"]] == sorted([hidden, "train/good/._0.png"])


def test_the_folder_itself_may_be_hidden(tmp_path):
    assert index(make(tmp_path / ".sets" / "a", MVTEC))["layout"] == "mvtec"


def test_defects_of_a_training_split_are_left_out(tmp_path):
    root = make(tmp_path / "set", KOLEKTOR_2)
    assert "train/5.png" not in load(root).names
    (left_out,) = index(root)["left_out"]
    assert left_out["path"] == "train/5.png"
    assert "marks a defect" in left_out["reason"]


def test_an_image_whose_mask_cannot_be_read_is_neither(tmp_path):
    root = make(tmp_path / "set", KOLEKTOR)
    (root / "kos0" / "Part0_label.bmp").write_bytes(b"no image")
    train, normal, anomalous = splits(root)
    assert "kos0/Part0.jpg" not in {*train, *normal, *anomalous}
    assert [f["path"] for f in index(root)["left_out"]] == ["kos0/Part0.jpg"]


def test_a_stated_layout_is_held_to(tmp_path):
    with pytest.raises(ValueError, match="no normal training image by the layout mvtec"):
        index(make(tmp_path / "set", BTAD), folder_layout="mvtec")


def test_only_validation_tests_where_there_is_no_test_split(tmp_path):
    root = make(tmp_path / "set", ["train/a/{0..3}.png", "val/a/{0..1}.png", "val/b/0.png"])
    assert len(load(root, normal_class="a")) == 4
    assert load(root, "test", normal_class="a").labels.tolist() == ["a", "a", "b"]


def test_colors_and_sizes_of_masks_are_said(tmp_path):
    root = make(tmp_path / "set", [*MVTEC, "ground_truth/scratch/0_mask.png"])
    put(root / "ground_truth/scratch/0_mask.png", 255, (6, 5))
    Image.fromarray(np.full((10, 12, 3), (9, 0, 0), np.uint8)).save(root / "test/good/1.png")
    notes = " ".join(index(root)["notes"])
    assert "1 mask has another size than its image" in notes
    assert "the first is test/good/1.png" in notes
    assert load(root, "test").masks[2, :].any()
