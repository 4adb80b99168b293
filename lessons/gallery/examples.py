"""All examples of the gallery, in the order of its page."""

from lessons.gallery import ecg, regression, segmentation, volume

EXAMPLES = {
    module.EXAMPLE.name: module.EXAMPLE
    for module in (segmentation, ecg, volume, regression)
}
