"""Pictures drawn from records: values in, a figure out; nothing here trains, predicts or tracks."""
