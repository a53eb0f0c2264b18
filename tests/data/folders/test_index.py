from memgan_tf.data.folders.index import content_digest

ROWS = [
    {"path": "good/1.png", "digest": "a", "split": "train"},
    {"path": "bad/2.png", "digest": "b", "split": "test"},
    {"path": "bad/3.png", "digest": "c", "split": None},
]


def test_the_digest_changes_with_a_path_with_pixels_and_with_what_an_image_is_used_for():
    changed = [
        [{**ROWS[0], field: value}, *ROWS[1:]]
        for field, value in (("path", "good/9.png"), ("digest", "z"), ("split", "test"))
    ]
    digests = [content_digest(rows) for rows in (ROWS, *changed, ROWS[:2])]
    assert len(set(digests)) == len(digests)


def test_the_digest_does_not_depend_on_the_order():
    assert content_digest(ROWS) == content_digest(ROWS[::-1])
