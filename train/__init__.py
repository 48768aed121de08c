"""Trains the perceptron that reads the digits; a workstation's job, see `python -m train --help`.

`fit` is the algorithm of the textbook. Around it:

    recipe, recipes, flags   the numbers of a run, by name and on the command line
    data, strokes, drawing   images and pen strokes, loaded and divided (`material`)
    batches, augment         what is learnt from, bent anew in every epoch
    network, convolution     the perceptron, and how it may begin as filters
    quantize                 goes on with rounded weights
    run, checkpoint          a run in its folder, and what a stopped one left
    report, plots, sheet     what came out (`reliability`, `progress`)
    kfold, compare, search   several runs (`ranges`)
    forward, descent         the textbook's formulas in NumPy, an oracle for the rest
    photos, cutouts          labelled photos, and the digits in them, cut out
    crops, retake            crops of them, and how else they might have been taken
    detector, detecting      the network that finds the boxes in them, and its run
"""
