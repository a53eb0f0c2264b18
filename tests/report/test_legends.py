import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from memgan_tf.report.plots import plot_histogram


@pytest.mark.parametrize("width", [4.4, 6.5])
def test_a_histograms_legend_is_whole_and_hides_no_bar(width):
    figure = Figure(figsize=(width, 3.1), layout="constrained")
    axes, canvas = figure.subplots(), FigureCanvasAgg(figure)
    scores = np.linspace(-1234.5, 1234.5, 200)
    plot_histogram(axes, np.repeat([0, 1], 100), scores, -1234.5)
    canvas.draw()
    legend, inside = figure.legends[0].get_window_extent(), axes.get_window_extent()
    assert legend.x0 >= 0
    assert legend.x1 <= figure.bbox.width
    assert legend.y1 < inside.y0
