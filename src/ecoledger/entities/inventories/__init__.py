"""The books of objects that every bureau has, one module a kind; the rest stand in their line of business."""
