"""Models as users of Keras write them: name: (a function of keras -> a model, the shape of an input)."""

from __future__ import annotations


def tutorial(keras):
    """The first network of Keras' own guide."""
    L = keras.layers
    return keras.Sequential([
        keras.Input((28, 28, 1)), L.Conv2D(8, 3, activation="relu"), L.MaxPooling2D(2),
        L.Conv2D(16, 3, activation="relu"), L.MaxPooling2D(2), L.Flatten(), L.Dropout(0.5),
        L.Dense(10, activation="softmax"),
    ])  # fmt: skip


def branches(keras):
    """Three branches, of other sizes of windows, concatenated; a pool of "same" padding; a skip."""
    L = keras.layers
    x = i = keras.Input((31, 29, 3))
    x = L.Conv2D(6, 3, strides=2, padding="same", activation="relu")(x)
    a = L.Conv2D(4, 1, activation="elu")(x)
    b = L.Conv2D(4, 5, padding="same", dilation_rate=2)(x)
    c = L.AveragePooling2D(3, 1, padding="same")(x)
    x = L.Concatenate()([a, L.LeakyReLU(0.1)(b), c])
    y = L.SeparableConv2D(14, 3, padding="same", depth_multiplier=2, activation="swish")(x)
    x = L.Average()([L.Add()([x, y]), L.Maximum()([x, y])])
    x = L.MaxPooling2D(3, 2, padding="same")(L.BatchNormalization(scale=False)(x))
    return keras.Model(i, L.Dense(4)(L.GlobalAveragePooling2D()(x)))


def transfer(keras):
    """A frozen network inside, behind augmentation and rescaling."""
    L = keras.layers
    x = inner = keras.Input((40, 40, 3))
    for filters in (8, 12):
        x = L.ReLU()(L.BatchNormalization()(L.Conv2D(filters, 3, strides=2, padding="same")(x)))
        x = L.Add()([x, L.BatchNormalization()(L.Conv2D(filters, 3, padding="same")(x))])
    base = keras.Model(inner, L.Activation("relu")(x), name="base")
    base.trainable = False
    augmentation = keras.Sequential([L.RandomFlip(), L.GaussianNoise(0.1)], name="augmentation")
    i = keras.Input((40, 40, 3))
    x = base(L.Rescaling(1 / 127.5, offset=-1)(augmentation(i)), training=False)
    x = L.Dropout(0.2)(L.GlobalAveragePooling2D()(x))
    return keras.Model(i, L.Dense(1, activation="sigmoid")(x))


def sequence(keras):
    """Signals of one axis."""
    L = keras.layers
    return keras.Sequential([
        keras.Input((40, 5)), L.Conv1D(6, 5, padding="causal", dilation_rate=2, activation="relu"),
        L.MaxPooling1D(2), L.SeparableConv1D(8, 3, activation="tanh"), L.UpSampling1D(2), L.ZeroPadding1D(1),
        L.BatchNormalization(), L.GlobalMaxPooling1D(), L.Dense(3, activation="softmax"),
    ])  # fmt: skip


def u_net(keras):
    """Down, up, and across; a score for each pixel."""
    L = keras.layers
    x = i = keras.Input((32, 24, 3))
    across = []
    for filters in (4, 8):
        x = L.Conv2D(filters, 3, padding="same", activation="relu")(x)
        across.append(x)
        x = L.MaxPooling2D()(x)
    x = L.Conv2D(8, 3, padding="same", activation="relu")(x)
    x = L.Conv2DTranspose(8, 3, strides=2, padding="same")(x)
    x = L.Concatenate()([x, across[1]])
    x = L.UpSampling2D(2, interpolation="bilinear")(L.PReLU(shared_axes=[1, 2])(x))
    x = L.Cropping2D(((1, 2), (0, 3)))(L.ZeroPadding2D(((1, 2), (0, 3)))(x))
    x = L.Multiply()([x, L.Conv2D(16, 1, activation="sigmoid")(across[0])])
    return keras.Model(i, L.Conv2D(2, 1)(x))


def squeeze_and_excite(keras):
    """Channels weighed by what they are on average; Keras' operations in place of layers."""
    L, ops = keras.layers, keras.ops
    i = keras.Input((20, 22, 3))
    x = L.Conv2D(8, 3)(i / 127.5 - 1.0)
    s = L.Dense(8, activation="hard_sigmoid")(L.Dense(2, activation="relu")(ops.mean(x, axis=(1, 2))))
    x = x * L.Reshape((1, 1, 8))(s)
    x = ops.relu(x + 3.0) * (1 / 6)
    places = ops.concatenate(
        [ops.mean(x, axis=-1, keepdims=True), ops.max(x, axis=-1, keepdims=True)], axis=-1
    )
    x = x * L.Conv2D(1, 5, padding="same", activation="sigmoid")(places)
    x = L.GroupNormalization(4)(x[:, 1:-1, ::2])
    return keras.Model(i, L.Dense(3)(L.Flatten()(x)))


def shared(keras):
    """One network for two halves of the picture."""
    L = keras.layers
    half = keras.Sequential(
        [keras.Input((16, 8, 3)), L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D()], name="half"
    )
    i = keras.Input((16, 16, 3))
    a, b = half(i[:, :, :8]), half(i[:, :, 8:])
    x = L.Subtract()([a, b])
    return keras.Model(i, L.Dense(2)(L.Flatten()(x)))


def recurrent(keras):
    """A picture's rows as a sequence."""
    L = keras.layers
    i = keras.Input((12, 10, 3))
    x = L.Conv2D(4, 3, padding="same", activation="relu")(i)
    x = L.Permute((2, 1, 3))(x)
    x = L.Reshape((10, 48))(x)
    x = L.Bidirectional(L.LSTM(5, return_sequences=True))(x)
    x = L.GRU(4, return_sequences=True, go_backwards=True)(x)
    x = L.Add()([L.SimpleRNN(6)(x), L.GRU(6, reset_after=False)(x)])
    return keras.Model(i, L.Dense(3)(x))


def channels_first(keras):
    L, of = keras.layers, {"data_format": "channels_first"}
    return keras.Sequential([
        keras.Input((3, 18, 20)), L.Conv2D(6, 3, strides=2, padding="same", activation="relu", **of),
        L.BatchNormalization(axis=1), L.DepthwiseConv2D(3, **of), L.ReLU(6.0, negative_slope=0.1),
        L.MaxPooling2D(2, **of), L.Flatten(**of), L.Dense(4, activation="softmax"),
    ])  # fmt: skip


def attention(keras):
    """Patches that look at each other."""
    L = keras.layers
    i = keras.Input((24, 24, 3))
    x = L.Conv2D(12, 6, strides=6)(i)
    x = t = L.Reshape((16, 12))(x)
    x = L.LayerNormalization(epsilon=1e-6)(x)
    x = L.Add()([L.MultiHeadAttention(3, 4)(x, x), t])
    y = L.Dense(12)(L.Dense(24, activation="gelu")(L.LayerNormalization()(x)))
    x = L.GlobalAveragePooling1D()(L.Add()([x, y]))
    return keras.Model(i, L.Dense(5)(L.UnitNormalization()(x)))


def volume(keras):
    """Three axes."""
    L = keras.layers
    return keras.Sequential([
        keras.Input((8, 10, 6, 2)), L.Conv3D(4, 3, padding="same", activation="relu"), L.MaxPooling3D(2),
        L.Conv3DTranspose(3, 2, strides=2), L.AveragePooling3D(2), L.GlobalAveragePooling3D(keepdims=True),
        L.Flatten(), L.Dense(2),
    ])  # fmt: skip


def odd_sizes(keras):
    """What padding, strides and sizes can be: borders that are not even, a kernel smaller than its stride."""
    L = keras.layers
    x = i = keras.Input((23, 17, 3))
    x = L.Conv2D(6, (2, 4), strides=(3, 2), padding="same", groups=3)(x)
    x = L.Conv2DTranspose(5, (2, 3), strides=(3, 2), padding="same", use_bias=False, activation="selu")(x)
    x = L.Conv2DTranspose(4, 4, strides=3, output_padding=1, padding="valid")(x)
    x = L.Resizing(20, 30)(L.ReLU(threshold=0.05)(x))
    x = L.Resizing(9, 11, interpolation="nearest")(x)
    x = L.DepthwiseConv2D(3, strides=2, padding="same", activation="softplus")(L.Softmax()(x))
    return keras.Model(i, L.Dense(3)(L.Flatten()(x)))


def two_outputs(keras):
    L = keras.layers
    i = keras.Input((16, 16, 3), name="photo")
    x = L.Conv2D(4, 3, activation="relu", name="maps")(i)
    x = L.GlobalAveragePooling2D()(x)
    return keras.Model(
        i, {"kind": L.Dense(3, activation="softmax", name="kind")(x), "age": L.Dense(1, name="age")(x)}
    )


def preprocessed(keras):
    """Keras 2: pixels prepared by functions of TensorFlow, as preprocess_input of VGG and others does."""
    import tensorflow as tf

    L = keras.layers
    i = keras.Input((20, 18, 3))
    x = tf.nn.bias_add(i[..., ::-1], tf.constant([-103.9, -116.8, -123.7], i.dtype)) / 60.0
    x = tf.nn.relu(L.Conv2D(6, 3)(x) - 0.25)
    x = tf.concat([x, 1.5 * tf.math.sigmoid(x)], axis=-1)
    x = tf.reduce_mean(x, axis=[1, 2], keepdims=True)
    x = tf.reshape(x, [-1, 12])
    return keras.Model(i, L.Dense(3)(tf.math.maximum(x, 0.1)))


def functions(keras):
    """Functions instead of layers: a gated half, a cut third, cosines."""
    L, ops = keras.layers, keras.ops
    x = i = keras.Input((14, 12, 3))
    x = L.Conv2D(9, 3)(x / 127.5 - 1.0)
    value, gate, rest = ops.split(x, 3, axis=-1)
    top, middle, _ = ops.split(ops.relu(rest) + 0.1 * rest, [4, 7], axis=1)
    x = ops.mean(value * ops.sigmoid(gate), axis=(1, 2))
    x = ops.concatenate([x, ops.max(top, axis=(1, 2)), ops.mean(middle, axis=(1, 2))], axis=-1)
    return keras.Model(i, L.Dense(4)(ops.normalize(x, axis=-1)))


def settings(keras):
    """Functions with settings of their own, along an axis or value by value; an activation with neither."""
    L, ops = keras.layers, keras.ops
    x = i = keras.Input((12, 10, 3))
    x = ops.elu(L.Conv2D(8, 3)(x), alpha=0.25)
    x = ops.glu(L.Conv2D(8, 1)(ops.celu(x, alpha=0.5)))
    x = ops.cumsum(ops.sin(x), axis=2) + ops.cumsum(ops.arctan(x), axis=-1)
    x = L.Conv2D(5, 1, activation="log_sigmoid")(ops.rsqrt(ops.exp(x)) + ops.erf(ops.expm1(x)))
    return keras.Model(i, L.Dense(3)(L.GlobalAveragePooling2D()(x)))


MODELS = {
    "tutorial": (tutorial, (28, 28, 1)), "branches": (branches, (31, 29, 3)),
    "transfer": (transfer, (40, 40, 3)), "sequence": (sequence, (40, 5)), "u_net": (u_net, (32, 24, 3)),
    "squeeze_and_excite": (squeeze_and_excite, (20, 22, 3)), "shared": (shared, (16, 16, 3)),
    "recurrent": (recurrent, (12, 10, 3)), "channels_first": (channels_first, (3, 18, 20)),
    "attention": (attention, (24, 24, 3)), "volume": (volume, (8, 10, 6, 2)),
    "odd_sizes": (odd_sizes, (23, 17, 3)), "two_outputs": (two_outputs, (16, 16, 3)),
    "functions": (functions, (14, 12, 3)), "settings": (settings, (12, 10, 3)),
}  # fmt: skip
BYTES = ("transfer", "squeeze_and_excite", "functions")  # their inputs are 0 to 255
