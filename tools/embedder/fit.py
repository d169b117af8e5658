"""From the teacher's vectors to one vector a token."""
import numpy as np
import scipy.sparse as sp

DIMENSIONS = 256
SIF = 1e-3
RIDGE = 0.3
STEPS, RATE, TEMPERATURE, BATCH = 300, 1e-3, 0.05, 1_024


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)


def counts(ids: list[list[int]], size: int) -> sp.csr_matrix:
    """A row a text: how often it has each token."""
    rows = np.repeat(np.arange(len(ids)), [len(one) for one in ids])
    columns = np.concatenate([np.asarray(one, np.int32) for one in ids])
    matrix = sp.csr_matrix((np.ones(len(columns), np.float32), (rows, columns)), shape=(len(ids), size))
    matrix.sum_duplicates()
    return matrix


def fit(texts: sp.csr_matrix, teacher: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """The table whose sums are nearest to the teacher's vectors, drawn towards the teacher's own vectors of single tokens.

    Frequent tokens count less, by smooth inverse frequency (SIF). The weight is in the fit and in the table, so that a
    text's vector is a plain sum.
    """
    mean = teacher.mean(0)
    scatter = ((teacher - mean).T @ (teacher - mean)).astype(np.float64)
    axes = np.linalg.svd(scatter)[2][:DIMENSIONS].T.astype(np.float32)
    wanted = unit((teacher - mean) @ axes)
    plain = (tokens - tokens.mean(0)) @ axes
    plain /= np.linalg.norm(plain, axis=1).mean()

    count = np.asarray(texts.sum(0)).ravel()
    share = (count + 1) / (count.sum() + len(count))
    weight = (SIF / (SIF + share)).astype(np.float32)
    weighted = (texts @ sp.diags(weight)).tocsr()
    length = np.sqrt(np.asarray(weighted.multiply(weighted).sum(1)).ravel())
    weighted = (sp.diags((1 / length).astype(np.float32)) @ weighted).tocsr()
    transposed = weighted.T.tocsr()
    first = weighted @ plain
    table = plain * ((wanted * first).sum() / (first**2).sum())

    # Ridge regression by conjugate gradients, all dimensions at once.
    apply = lambda x: transposed @ (weighted @ x) + RIDGE * x
    rest = transposed @ wanted + RIDGE * table - apply(table)
    direction = rest.copy()
    square = (rest * rest).sum(0)
    for _ in range(20):
        applied = apply(direction)
        step = square / np.maximum((direction * applied).sum(0), 1e-12)
        table = table + direction * step
        rest -= applied * step
        new = (rest * rest).sum(0)
        direction = rest + direction * (new / np.maximum(square, 1e-12))
        square = new
    print(f"cosine to the teacher: {(unit(first) * wanted).sum(1).mean():.3f} of the plain table, "
          f"{(unit(weighted @ table) * wanted).sum(1).mean():.3f} fitted", flush=True)
    table *= weight[:, None]
    return (table / np.linalg.norm(table, axis=1).mean()).astype(np.float32)


def contrast(table: np.ndarray, questions: sp.csr_matrix, passages: sp.csr_matrix, sources: np.ndarray, seed: int) -> np.ndarray:
    """A few steps that bring a question nearer to its own passage than to others of the same source (Adam, InfoNCE)."""
    random = np.random.default_rng(seed)
    table = table.copy()
    known = (np.diff(questions.indptr) > 0) & (np.diff(passages.indptr) > 0)
    groups = [np.where(known & (sources == one))[0] for one in np.unique(sources[known])]
    groups = [one for one in groups if len(one) >= 400] or [np.where(known)[0]]
    chance = np.array([len(one) ** 0.75 for one in groups])
    everything = np.where(known)[0]
    first, second = np.zeros_like(table), np.zeros_like(table)
    for step in range(1, STEPS + 1):
        pool = groups[random.choice(len(groups), p=chance / chance.sum())] if random.random() < 0.7 else everything
        batch = random.choice(pool, min(BATCH, len(pool)), replace=False)
        loss, rows, gradient = gradient_of(table, questions[batch], passages[batch])
        rate = RATE * min(1, step / 50) * (1 - 0.9 * step / STEPS)
        first[rows] = 0.9 * first[rows] + 0.1 * gradient
        second[rows] = 0.999 * second[rows] + 0.001 * gradient**2
        table[rows] -= rate * (first[rows] / (1 - 0.9**step)) / (np.sqrt(second[rows] / (1 - 0.999**step)) + 1e-8)
        if step % 100 == 0:
            print(f"step {step}: loss {loss:.3f}", flush=True)
    return table


def gradient_of(table, questions, passages):
    """Of the rows that these texts touch."""
    sums = [questions @ table, passages @ table]
    lengths = [np.maximum(np.linalg.norm(one, axis=1, keepdims=True), 1e-6) for one in sums]
    q, p = (one / length for one, length in zip(sums, lengths))
    scores = q @ p.T / TEMPERATURE
    scores = np.exp(scores - scores.max(1, keepdims=True))
    by_question, by_passage = scores / scores.sum(1, keepdims=True), scores / scores.sum(0, keepdims=True)
    loss = -np.log(np.maximum(by_question.diagonal(), 1e-9)).mean()
    delta = (by_question + by_passage) / 2 - np.eye(len(q), dtype=np.float32)
    delta /= len(q) * TEMPERATURE
    back = lambda unit_, wanted, length: (wanted - (wanted * unit_).sum(1, keepdims=True) * unit_) / length
    texts = sp.vstack([questions, passages]).tocsr()
    outer = np.vstack([back(q, delta @ p, lengths[0]), back(p, delta.T @ q, lengths[1])])
    rows = np.unique(texts.indices)
    return loss, rows, (texts[:, rows].T @ outer).astype(np.float32)
