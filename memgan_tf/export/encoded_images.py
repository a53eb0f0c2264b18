"""Encoded images to pixels, as TensorFlow functions: the same in Python and in a SavedModel.

They do in a graph what `memgan_tf.data.image_files` does with Pillow. docs/folders.md lists the
differences.
"""

import tensorflow as tf

from memgan_tf.export.request_checks import require

# Background of transparent pixels.
BACKGROUND = 255
# Black is padding alone after the fit `keep`, see `memgan_tf.data.fitting`.
DARKEST_CONTENT = 1
# Pillow's weights of red, green and blue in gray, in 2⁻¹⁶.
LUMA = (19595, 38470, 7471)


def decode_batch(
    encoded: tf.Tensor, image_shape: tuple[int, int, int], image_fit: str, bit_depth: int = 16
) -> tf.Tensor:
    """Decodes image files and fits them to a shape, as `memgan score` does.

    The work is done by a data set, the only construct in a graph that survives the failure of a
    decoder. So the error can name the image.

    Args:
        encoded: `(batch,)` strings, each a PNG, JPEG, GIF or BMP file.
        image_shape: `(height, width, channels)` to fit them to.
        image_fit: Rule for fitting, `stretch`, `crop` or `pad`.
        bit_depth: Number of bits used by the values of 16-bit files.

    Returns:
        `(batch, height, width, channels)` float32, whole numbers from 0 to 255.

    Raises:
        tf.errors.InvalidArgumentError: At run time, if one is not such a file; the message names
        the first.
    """
    count = tf.shape(encoded)[0]

    def decode(index, file):
        return index, decode_image(file, image_shape, image_fit, bit_depth)

    end = tf.data.Dataset.from_tensors((tf.constant(-1, tf.int64), tf.zeros(image_shape)))
    decoded = tf.data.Dataset.from_tensor_slices(encoded).enumerate().map(decode)
    # The last element keeps the batch from being empty if there is no image, or no valid one.
    batch = decoded.ignore_errors().concatenate(end).batch(tf.cast(count, tf.int64) + 1)
    indices, images = batch.get_single_element()
    places = tf.scatter_nd(indices[:-1, tf.newaxis], tf.ones_like(indices[:-1]), (count,))
    rule = "`image_bytes` must be PNG, JPEG, GIF or BMP files"
    with tf.control_dependencies([require(places > 0, rule)]):
        return tf.ensure_shape(images[:-1], (None, *image_shape))


def decode_image(
    encoded: tf.Tensor,
    image_shape: tuple[int, int, int],
    rule: str = "stretch",
    bit_depth: int = 16,
) -> tf.Tensor:
    """Decodes one image and fits it to a shape.

    Args:
        encoded: Scalar string, a PNG, JPEG, GIF (its first frame) or BMP file of any size.
        image_shape: `(height, width, channels)` to fit it to.
        rule: `stretch`, `crop`, `pad` or `keep`; see `memgan_tf.data.fitting`.
        bit_depth: Bits that the values of a PNG file with 16 bits use.

    Returns:
        float32 tensor of `image_shape`, whole numbers from 0 to 255.

    Raises:
        tf.errors.InvalidArgumentError: If the bytes are not such an image.
    """
    pixels = fit(_decode(encoded, bit_depth), image_shape[:2], rule)
    if image_shape[2] == 1:
        luma = tf.reduce_sum(pixels * tf.constant(LUMA), axis=-1, keepdims=True)
        pixels = tf.bitwise.right_shift(luma + 0x8000, 16)
    return tf.ensure_shape(tf.cast(pixels, tf.float32), image_shape)


def fit(pixels: tf.Tensor, target: tuple[int, int], rule: str) -> tf.Tensor:
    """Scales an image, with antialiasing, to `target` by a rule.

    Args:
        pixels: `(height, width, channels)` int32, 0 to 255.
        target: `(height, width)`.
        rule: As in `decode_image`.

    Returns:
        int32 tensor `(*target, channels)`. An image of that size keeps its pixels.
    """
    (rows, columns), size = target, tf.shape(pixels)
    height, width = size[0], size[1]
    if rule == "stretch":
        return _resize(pixels, rows, columns)
    if rule == "crop":
        part_height = tf.minimum(height, tf.maximum(1, width * rows // columns))
        part_width = tf.minimum(width, tf.maximum(1, height * columns // rows))
        top, left = (height - part_height) // 2, (width - part_width) // 2
        part = pixels[top : top + part_height, left : left + part_width]
        return _resize(part, rows, columns)
    fitted_rows = (2 * height * columns + width) // (2 * width)
    fitted_columns = (2 * width * rows + height) // (2 * height)
    fitted_rows = tf.clip_by_value(fitted_rows, 1, rows)
    fitted_columns = tf.clip_by_value(fitted_columns, 1, columns)
    scaled = _resize(pixels, fitted_rows, fitted_columns)
    if rule == "keep":
        is_fitted = tf.reduce_all(size[:2] == target)
        scaled = tf.maximum(scaled, tf.where(is_fitted, 0, DARKEST_CONTENT))
    top, left = (rows - fitted_rows) // 2, (columns - fitted_columns) // 2
    below, right = rows - fitted_rows - top, columns - fitted_columns - left
    return tf.pad(scaled, [[top, below], [left, right], [0, 0]])


def _decode(encoded, bit_depth):
    """`(height, width, 3)` int32."""
    is_png = tf.equal(tf.strings.substr(encoded, 0, 4), b"\x89PNG")
    pixels = tf.case(
        [
            (is_png, lambda: _on_background(tf.io.decode_png(encoded, channels=0))),
            # Pillow's inverse transform; TensorFlow's default is faster and coarser.
            (
                tf.io.is_jpeg(encoded),
                lambda: tf.io.decode_jpeg(encoded, 3, dct_method="INTEGER_ACCURATE"),
            ),
        ],
        default=lambda: tf.io.decode_image(encoded, channels=3, expand_animations=False),
        exclusive=True,
    )
    pixels = tf.cast(pixels, tf.int32)
    pixels.set_shape((None, None, 3))
    if bit_depth == 16:
        return pixels
    # Bits per value and kind of color in a PNG header: 16, gray or RGB.
    kind = tf.strings.substr(encoded, 24, 2)
    is_deep = is_png & (tf.equal(kind, b"\x10\x00") | tf.equal(kind, b"\x10\x02"))
    return tf.cond(is_deep, lambda: _deep(encoded, bit_depth), lambda: pixels)


def _deep(encoded, bit_depth):
    values = tf.cast(tf.io.decode_png(encoded, channels=3, dtype=tf.uint16), tf.int32)
    return tf.minimum(tf.bitwise.right_shift(values, bit_depth - 8), 255)


def _on_background(pixels):
    """RGB of a PNG's pixels on white; gray or color, with or without alpha.

    Computed in integers, as in Pillow.
    """
    pixels = tf.cast(pixels, tf.int32)
    count = tf.shape(pixels)[-1]
    # If four channels were requested, the decoder would give 1-bit files an alpha of 1.
    opaque = tf.fill(tf.concat([tf.shape(pixels)[:2], [1]], 0), 255)
    alpha = tf.cond(count % 2 == 0, lambda: pixels[..., count - 1 :], lambda: opaque)
    colors = tf.gather(pixels, tf.cond(count < 3, lambda: [0, 0, 0], lambda: [0, 1, 2]), axis=-1)
    total = (colors * alpha + BACKGROUND * (255 - alpha)) * 128 + (0x80 << 7)
    by_255 = tf.bitwise.right_shift(tf.bitwise.right_shift(total, 8) + total, 8)
    return tf.cast(tf.bitwise.right_shift(by_255, 7), tf.uint8)


def _resize(pixels, rows, columns):
    """Bilinear, columns before rows, each rounded to integers, as in Pillow."""
    for size in ((tf.shape(pixels)[0], columns), (rows, columns)):
        scaled = tf.image.resize(tf.cast(pixels, tf.float32), size, antialias=True)
        pixels = tf.cast(tf.clip_by_value(tf.floor(scaled + 0.5), 0.0, 255.0), tf.int32)
    return pixels
