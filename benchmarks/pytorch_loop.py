import torch


def one_epoch(model, optimizer, x, y, batches):
    for batch in batches:
        optimizer.zero_grad()  # or the new gradients are added to the old ones
        a = model(x[batch])  # one example in each row
        cost = ((a - y[batch]) ** 2).sum() / (2 * len(batch))  # the mean over the batch
        cost.backward()  # equations (1) to (4), by autodiff
        optimizer.step()  # θ ← θ − η ∂C/∂θ


def steepest_descent(model, rate):
    return torch.optim.SGD(model.parameters(), lr=rate)
