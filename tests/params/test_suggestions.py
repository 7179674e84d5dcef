from pipeline.params.suggestions import did_you_mean


def test_the_nearest_word_whatever_its_case():
    assert did_you_mean("vgg61", ["VGG16", "ResNet50"]) == "; did you mean VGG16?"


def test_what_is_allowed_if_nothing_is_near():
    assert did_you_mean("zebra", ["VGG16", "ResNet50"]) == "; allowed: VGG16, ResNet50"
    assert did_you_mean("zebra", map(str, range(20)), most=2) == "; allowed: 0, 1 and 18 more"
    assert did_you_mean("zebra", []) == "; there is none"
