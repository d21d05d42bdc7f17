"""A current, in its own unit, that makes each neuron model of the library spike within 60 ms."""

DRIVE = {
    "LIF": 600.0,
    "LIFConductance": 250.0,
    "AdEx": 1200.0,
    "Izhikevich": 15.0,
    "TraubMilesHH": 800.0,
    "HodgkinHuxleySquid": 15.0,
    "GIF": 200.0,
    "AdaptiveThresholdLIF": 400.0,
    "FitzHughNagumo": 0.6,
    "QIF": 4.0,
    "TwoCompartment": 300.0,
    "RateNeuron": 1.0,
    "DiscreteIF": 0.1,
    "DiscreteLIF": 0.2,
    "DiscreteALIF": 0.2,
    "DiscreteCuBaLIF": 0.1,
    "ResetFreeLIF": 0.2,
    "ResonateFire": 2.0,
    "DiscreteLI": 1.0,
}
