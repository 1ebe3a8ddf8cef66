package serving

import (
	"fmt"
	"os"
	"time"
)

// Settings are what every service of the shop reads from its environment.
type Settings struct {
	// Colour is the environment this process belongs to (COLOUR: blue or green; required).
	Colour string
	// Listen is the address for requests and probes (LISTEN, default ":8080").
	Listen string
	// MetricsListen is the address for /metrics (METRICS_LISTEN, default ":9090").
	MetricsListen string
	// LameDuck is how long the process goes on serving after SIGTERM while its readiness
	// already fails (LAME_DUCK, default 5s): the time in which every proxy learns to look
	// elsewhere. Long enough for a failed probe and the spreading of the endpoints.
	LameDuck time.Duration
	// Drain is how long requests under way may take after that (DRAIN, default 15s).
	// LameDuck + Drain must stay below the pod's terminationGracePeriodSeconds.
	Drain time.Duration
}

// SettingsFromEnv reads the settings; an error names variable, consequence and fix.
func SettingsFromEnv() (Settings, error) {
	settings := Settings{
		Colour:        os.Getenv("COLOUR"),
		Listen:        Env("LISTEN", ":8080"),
		MetricsListen: Env("METRICS_LISTEN", ":9090"),
	}
	if settings.Colour != "blue" && settings.Colour != "green" {
		return Settings{}, fmt.Errorf(
			"COLOUR is %q: answers could not tell which environment gave them; set it to blue or green", settings.Colour)
	}
	var err error
	if settings.LameDuck, err = envDuration("LAME_DUCK", 5*time.Second); err != nil {
		return Settings{}, err
	}
	settings.Drain, err = envDuration("DRAIN", 15*time.Second)
	return settings, err
}

// Env gives an environment variable, or the fallback when it is unset or empty.
func Env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

func envDuration(name string, fallback time.Duration) (time.Duration, error) {
	text := os.Getenv(name)
	if text == "" {
		return fallback, nil
	}
	value, err := time.ParseDuration(text)
	if err != nil || value < 0 {
		return 0, fmt.Errorf("%s is %q: the process would not know how long to wait; give a duration such as %s", name, text, fallback)
	}
	return value, nil
}
