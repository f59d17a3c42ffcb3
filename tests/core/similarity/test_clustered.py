import numpy as np
import pytest
import torch

from diffresnet.similarity import clustered, nearest_neighbours, rounded
from diffresnet.similarity.clustered import ClusteredIndex
from diffresnet.similarity.exact import ExactIndex, Points, measured_recall, sampled_neighbours
from diffresnet.similarity.selection import ascending, at_most, largest, smallest


def clustered_search(x, k, **options):
    found = ClusteredIndex.build(x, k, **options).neighbours(k)
    return found.indices, found.distances, found.method, found.recall


def exact_search(x, k):
    found = ExactIndex(x).neighbours(k)
    return found.indices, found.distances


def exact_query(x, rows, k):
    return ExactIndex(x).query(rows, k).distances


def recall_of(found, truth):
    return float((truth[:, :, None] == found[:, None, :]).any(2).float().mean())


def blobs(n=3000, d=6, centres=30, spread=0.4, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(centres, d))[rng.integers(0, centres, n)] + spread * rng.normal(
        size=(n, d)
    )
    return torch.from_numpy(x.astype(np.float32))


@pytest.mark.parametrize("tiles", [False, True])
@pytest.mark.parametrize("recall", [0.9, 0.98])
def test_recall(recall, tiles, monkeypatch):
    monkeypatch.setattr(rounded, "has_tiles", lambda: tiles)
    x = blobs()
    truth, exact = exact_search(x, 10)
    indices, distances, method, reported = clustered_search(x, 10, recall=recall)
    assert method == "clustered"
    true = recall_of(indices, truth)
    assert true >= recall - 0.02
    assert reported == pytest.approx(true, abs=0.02)
    # What is found has its true distance, in order, and never beats the exact search.
    assert bool((indices != torch.arange(len(x))[:, None]).all())
    assert all(len(set(row)) == 10 for row in indices.tolist())
    assert bool((distances.diff(dim=1) >= 0).all())
    true_distance = (x[indices] - x[:, None]).norm(dim=2)
    np.testing.assert_allclose(distances, true_distance, rtol=1e-4, atol=1e-6)
    assert bool((distances >= exact - 1e-4).all())


def test_recall_of_everything_is_nearly_exact():
    x = blobs(n=1500)
    indices, _, _, reported = clustered_search(x, 5, recall=1.0)
    assert recall_of(indices, exact_search(x, 5)[0]) > 0.99
    assert reported > 0.99


def test_no_structure_is_searched_exactly():
    x = torch.randn(700, 60, generator=torch.Generator().manual_seed(0))
    indices, distances, method, reported = clustered_search(x, 5, recall=0.98)
    assert (method, reported) == ("exact", 1.0)
    assert torch.equal(indices, exact_search(x, 5)[0])
    assert torch.equal(distances, exact_search(x, 5)[1])


def test_a_capped_search_says_how_little_it_found():
    x = torch.randn(2500, 60, generator=torch.Generator().manual_seed(0))
    indices, _, method, reported = clustered_search(x, 5, recall=0.98, capped=True)
    true = recall_of(indices, exact_search(x, 5)[0])
    assert method == "clustered"
    assert true < 0.9
    assert reported == pytest.approx(true, abs=0.05)


def test_the_recall_that_is_reported_is_that_of_points_that_are_no_centres():
    """The first points drawn for the clusters are their centres, and have all neighbours near."""
    rng = np.random.default_rng(0)
    inner = rng.normal(size=(4000, 12))
    x = torch.from_numpy(np.tanh(inner @ rng.normal(size=(12, 48)) / 4).astype(np.float32))
    truth = exact_search(x, 10)[0]
    for recall in (0.8, 0.95):
        indices, _, _, reported = clustered_search(x, 10, recall=recall, capped=False)
        true = recall_of(indices, truth)
        assert reported == pytest.approx(true, abs=0.03)
        assert true >= recall - 0.03


def test_is_the_same_every_time():
    x = blobs(n=1200)
    assert torch.equal(clustered_search(x, 5, recall=0.9)[0], clustered_search(x, 5, recall=0.9)[0])


@pytest.mark.parametrize("distinct", [1, 7])
def test_duplicates(distinct):
    x = blobs(n=distinct)[torch.arange(900) % distinct]
    indices, distances, _, _ = clustered_search(x, 10, recall=0.95)
    assert bool((distances == 0).all())
    assert bool((indices != torch.arange(900)[:, None]).all())


@pytest.mark.parametrize("n", [2, 3, 5, 40])
def test_few_points(n):
    x = blobs(n=n)
    k = min(3, n - 1)
    indices, distances, _, _ = clustered_search(x, k, recall=0.9)
    assert indices.shape == distances.shape == (n, k)


def test_more_neighbours_than_a_cluster_holds():
    x = blobs(n=1000, spread=0.05)
    indices, _, _, _ = clustered_search(x, 200, recall=0.5)
    assert all(len(set(row)) == 200 for row in indices.tolist())
    index = ClusteredIndex(x, 10, 0.5)
    for rows in (x[:3], x[:100]):
        assert torch.allclose(
            index.query(rows, 900).distances, exact_query(x, rows, 900), atol=1e-5
        )


def test_measured_recall():
    x = blobs(n=800)
    truth, _ = exact_search(x, 10)
    assert measured_recall(x, truth) == 1.0
    half = truth.clone()
    half[:, 5:] = -1
    assert measured_recall(x, half) == pytest.approx(0.5)


def test_exact_neighbours_of_a_few_points():
    x = blobs(n=300)
    sample = torch.tensor([4, 299, 7])
    assert torch.equal(sampled_neighbours(Points(x), sample, 6), exact_search(x, 6)[0][sample])


def best_of_visited(index, rows, k, itself=None):
    """The same search one row at a time: all points of the clusters that it visits, in float64."""
    x = index.points.x.double()
    member = torch.empty(len(x), dtype=torch.int64)
    member[index.order] = index.members
    found = []
    for i, row in enumerate(rows.double()):
        near = (index.centres.double() - row).square().sum(1).argsort()[: index.probes]
        square = (x - row).square().sum(1)
        square[~torch.isin(member, near)] = torch.inf
        if itself is not None:
            square[itself[i]] = torch.inf
        found.append(square.topk(k, largest=False).values.sqrt() * index.points.scale)
    return torch.stack(found)


@pytest.mark.parametrize("tiles", [False, True])
@pytest.mark.parametrize("threads", [1, 3])
def test_is_that_of_all_points_in_the_clusters_visited(tiles, threads, monkeypatch):
    """Whatever rows are searched together, and however often the best are taken."""
    monkeypatch.setattr(rounded, "has_tiles", lambda: tiles)
    monkeypatch.setattr(clustered, "ROWS", 700)
    monkeypatch.setattr(clustered, "KEPT", 7)
    before = torch.get_num_threads()
    x = blobs(n=2500, d=8, spread=1.5)
    index = ClusteredIndex(x, 10, 0.9)
    assert index.probes > clustered.FIRST
    try:
        torch.set_num_threads(threads)
        own, new = index.neighbours(10), index.query(x[:90] + 0.01, 10)
        few = index.query(x[:20] + 0.01, 10)
    finally:
        torch.set_num_threads(before)
    some = torch.arange(0, 2500, 50)
    want = best_of_visited(index, index.points.x[some], 10, some)
    assert torch.allclose(own.distances[some].double(), want, atol=1e-5)
    want = best_of_visited(index, index.points.like(x[:90] + 0.01).x, 10)
    assert len(want) > clustered.FEW > len(few.distances)
    assert torch.allclose(new.distances.double(), want, atol=1e-5)
    assert torch.allclose(few.distances.double(), want[:20], atol=1e-5)


def test_selections():
    draw = torch.Generator().manual_seed(0)
    values = torch.randint(-50, 50, (6, 40), generator=draw).short()
    limit = torch.tensor([0, -60, 60, 10, -50, 3]).short()
    rows, columns, found = at_most(values, limit)
    assert torch.equal(torch.stack([rows, columns], 1), torch.nonzero(values <= limit[:, None]))
    assert torch.equal(found, values[rows, columns])
    least = smallest(values, 7).sort(dim=1).values
    assert torch.equal(least, values.sort(dim=1).values[:, :7])
    assert torch.equal(ascending(values.flatten().long()), values.flatten().long().sort().values)
    assert torch.equal(largest(values, 1)[:, 0], values.max(dim=1).indices)


@pytest.mark.parametrize("tiles", [False, True])
def test_what_is_farther_than_asked_for_need_not_be_found(tiles, monkeypatch):
    monkeypatch.setattr(rounded, "has_tiles", lambda: tiles)
    x = blobs(n=2500, d=8, spread=1.5)
    index = ClusteredIndex(x, 10, 0.9)
    rows = x[:300] + 0.01
    whole = index.query(rows, 10)
    within = whole.distances[torch.arange(300), torch.arange(300) % 10]  # of another place each
    within[::7] = 0.0
    within[3::7] = torch.inf
    some = index.query(rows, 10, within)
    wanted = whole.distances <= within[:, None]
    assert torch.equal(some.distances[wanted], whole.distances[wanted])
    assert torch.equal(some.indices[wanted], whole.indices[wanted])
    found = torch.isfinite(some.distances)
    assert 0.2 < found.float().mean() < 0.8  # the point of it
    true = (x[some.indices] - rows[:, None]).norm(dim=2)
    assert torch.allclose(some.distances[found], true[found], atol=1e-5)
    assert torch.equal(some.distances[3::7], whole.distances[3::7])
    for least in (0.0, 0.03, 0.3):  # where no row has as many as asked for
        few = index.query(rows, 10, torch.full((300,), least))
        wanted = whole.distances <= least
        assert torch.equal(few.distances[wanted], whole.distances[wanted])
        assert torch.equal(few.indices[wanted], whole.indices[wanted])
        repeated = few.indices[:, 0] == few.indices[:, 1]
        assert not bool((repeated & torch.isfinite(few.distances[:, 1])).any())


def test_points_that_need_a_gradient_are_searched():
    x = blobs(n=900).requires_grad_()
    found = nearest_neighbours(x, 5, method="clustered", queries=x[:3])
    assert not found.distances.requires_grad
