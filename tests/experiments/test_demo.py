from diffresnet_lab.experiments.demo import demo_steps, run_demo
from diffresnet_lab.experiments.demo.digits import DigitsSettings


def test_the_demo_says_how_far_it_is_and_what_came_out():
    settings, done = DigitsSettings(labels_per_class=(3,), draws=1, seed=2), []
    demo = run_demo(settings, done.append)
    assert sum(done) == demo_steps(settings)
    assert [section.title for section in demo.sections][-1].startswith("Diffusion in motion")
    assert demo.lead.startswith("With 3 labelled images of each digit")
