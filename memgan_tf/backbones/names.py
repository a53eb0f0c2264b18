"""Names allowed in the `config.json` of an untrusted `.keras` file."""


def _words(text):
    return frozenset(text.split())


LAYERS = _words("""
    InputLayer Rescaling Normalization Conv2D DepthwiseConv2D SeparableConv2D Dense
    BatchNormalization LayerNormalization GroupNormalization UnitNormalization
    MultiHeadAttention Activation ReLU LeakyReLU PReLU ELU Softmax
    Add Subtract Multiply Average Maximum Minimum Concatenate
    ZeroPadding2D Cropping2D UpSampling2D Reshape Permute Flatten Identity
    MaxPooling2D AveragePooling2D GlobalMaxPooling2D GlobalAveragePooling2D
    Dropout SpatialDropout2D AlphaDropout GaussianDropout GaussianNoise ActivityRegularization
    RandomFlip RandomRotation RandomZoom RandomTranslation RandomContrast RandomBrightness
""")
# Layers of this package.
OWN = _words("PatchTokens TokenMap")
# Arithmetic of tensors, which `preprocess_input` of keras.applications adds to a model.
OPERATIONS = _words("Add Subtract Multiply Divide TrueDivide")
# Kinds of models, and their places in Keras.
MODELS = {
    "Functional": "keras.src.models.functional",
    "Model": "keras.src.models.functional",
    "Sequential": "keras",
}
ACTIVATIONS = _words("""
    linear relu relu6 leaky_relu elu selu celu gelu silu swish sigmoid hard_sigmoid hard_silu
    hard_swish tanh hard_tanh softmax log_softmax softplus softsign mish exponential
""")
# Only the names of the following are checked, because scoring does not use them.
INITIALIZERS = _words("""
    zeros ones constant random_normal random_uniform truncated_normal variance_scaling
    glorot_normal glorot_uniform he_normal he_uniform lecun_normal lecun_uniform
    orthogonal identity
""")
REGULARIZERS = _words("l1 l2 l1l2 l1_l2 orthogonal_regularizer")
CONSTRAINTS = _words("max_norm min_max_norm non_neg unit_norm")
