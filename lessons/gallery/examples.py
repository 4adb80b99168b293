"""All examples of the gallery, in the order of its page."""

from lessons.gallery import (
    detection,
    ecg,
    regression,
    segmentation,
    siamese,
    transformer,
    volume,
)

EXAMPLES = {
    module.EXAMPLE.name: module.EXAMPLE
    for module in (
        segmentation,
        detection,
        ecg,
        volume,
        transformer,
        siamese,
        regression,
    )
}
