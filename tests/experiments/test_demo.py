from diffresnet_lab.experiments.demo.digits import DigitsConfig
from diffresnet_lab.experiments.demo.page import demo_steps, run_demo


def test_the_demo_says_how_far_it_is_and_what_came_out():
    config, done = DigitsConfig(labels_per_class=(3,), draws=1, seed=2), []
    demo = run_demo(config, done.append)
    assert sum(done) == demo_steps(config)
    ours = next(row for row in demo.rows if row["method"] == "diffusion_classifier")
    (finding,) = demo.text.findings
    assert f"{ours['accuracy']:.1f}%" in finding
    assert demo.text.body.count("<section") == 3
